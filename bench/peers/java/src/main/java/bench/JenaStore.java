package bench;

import java.nio.file.Path;
import java.util.List;
import org.apache.jena.graph.Node;
import org.apache.jena.graph.NodeFactory;
import org.apache.jena.query.Dataset;
import org.apache.jena.query.ARQ;
import org.apache.jena.query.Query;
import org.apache.jena.query.QueryExecution;
import org.apache.jena.query.QueryExecutionFactory;
import org.apache.jena.query.QueryFactory;
import org.apache.jena.query.ReadWrite;
import org.apache.jena.query.ResultSet;
import org.apache.jena.query.TxnType;
import org.apache.jena.sparql.core.DatasetGraph;
import org.apache.jena.sparql.core.Var;
import org.apache.jena.sparql.engine.binding.Binding;
import org.apache.jena.system.Txn;
import org.apache.jena.tdb2.TDB2Factory;
import org.apache.jena.tdb2.loader.DataLoader;
import org.apache.jena.tdb2.loader.LoaderFactory;
import org.apache.jena.tdb2.loader.base.LoaderOps;
import org.apache.jena.tdb2.solver.stats.Stats;
import org.apache.jena.tdb2.sys.TDBInternal;

/** Jena TDB2: the parallel loader, then statistics for its optimizer, as its documentation says. */
final class JenaStore implements Store {
  private String folder;
  private Dataset data;

  @Override
  public String version() {
    return ARQ.VERSION;
  }

  @Override
  public String settings() {
    return "TDB2, parallel loader, stats.opt, 3 GB heap";
  }

  @Override
  public void open(String name) {
    folder = name;
    data = TDB2Factory.connectDataset(folder);
  }

  @Override
  public long load(List<String> files) throws Exception {
    final DatasetGraph graph = data.asDatasetGraph();
    final DataLoader loader = LoaderFactory.parallelLoader(graph, LoaderOps.outputToLog());
    loader.startBulk();
    loader.load(files);
    loader.finishBulk();
    writeStatistics(graph);
    return Txn.calculateRead(data, () -> (long) data.getDefaultModel().size());
  }

  /** Statistics are read when a database is connected, so it is connected anew. */
  private void writeStatistics(DatasetGraph graph) {
    final Path file = Path.of(folder, "Data-0001", "stats.opt");
    Txn.executeRead(graph, () -> Stats.write(file.toString(), Stats.gather(graph.getDefaultGraph()).results()));
    TDBInternal.expel(graph);
    data = TDB2Factory.connectDataset(folder);
  }

  @Override
  public Object prepare(String text) {
    return QueryFactory.create(text);
  }

  private static String text(Node node) {
    if (node == null) {
      return null;
    }
    if (node.isLiteral()) {
      return Store.literal(node.getLiteralLexicalForm(), node.getLiteralDatatypeURI());
    }
    return node.isURI() ? node.getURI() : "_:" + node.getBlankNodeLabel();
  }

  @Override
  public long run(Object query, boolean fetch, Rows rows) {
    final Query parsed = query instanceof Query q ? q : QueryFactory.create((String) query);
    data.begin(ReadWrite.READ);
    try (QueryExecution execution = QueryExecutionFactory.create(parsed, data)) {
      if (parsed.isAskType()) {
        final boolean yes = execution.execAsk();
        if (rows != null) {
          rows.row(new String[] {Boolean.toString(yes)});
        }
        return 1;
      }
      return fetchAll(execution.execSelect(), fetch, rows);
    } finally {
      data.end();
    }
  }

  private static long fetchAll(ResultSet result, boolean fetch, Rows rows) {
    final Var[] names = result.getResultVars().stream().map(Var::alloc).toArray(Var[]::new);
    final String[] columns = new String[names.length];
    long count = 0;
    for (; result.hasNext(); count++) {
      final Binding binding = result.nextBinding();
      for (int i = 0; i < names.length && fetch; i++) {
        columns[i] = text(binding.get(names[i]));
      }
      if (rows != null) {
        rows.row(columns);
      }
    }
    return count;
  }

  @Override
  public boolean alwaysDurable() {
    return true;
  }

  @Override
  public void insert(long first, int size, boolean durable) {
    if (!durable) {
      throw new Cannot("every commit is durable");
    }
    final DatasetGraph graph = data.asDatasetGraph();
    graph.begin(TxnType.WRITE);
    for (long i = first; i < first + size; i++) {
      graph.getDefaultGraph().add(NodeFactory.createURI("urn:bench:s" + i), NodeFactory.createURI("urn:bench:p" + i % 10),
          NodeFactory.createURI("urn:bench:o" + i * 7919 % 10000));
    }
    graph.commit();
    graph.end();
  }

  @Override
  public void close() {
    if (data != null) {
      data.close();
    }
  }
}

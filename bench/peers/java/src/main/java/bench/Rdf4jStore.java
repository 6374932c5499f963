package bench;

import java.io.File;
import java.util.List;
import org.eclipse.rdf4j.common.transaction.IsolationLevels;
import org.eclipse.rdf4j.model.Literal;
import org.eclipse.rdf4j.model.Value;
import org.eclipse.rdf4j.model.ValueFactory;
import org.eclipse.rdf4j.query.Binding;
import org.eclipse.rdf4j.query.BindingSet;
import org.eclipse.rdf4j.query.BooleanQuery;
import org.eclipse.rdf4j.query.Query;
import org.eclipse.rdf4j.query.TupleQuery;
import org.eclipse.rdf4j.query.TupleQueryResult;
import org.eclipse.rdf4j.repository.RepositoryConnection;
import org.eclipse.rdf4j.repository.sail.SailRepository;
import org.eclipse.rdf4j.rio.RDFFormat;
import org.eclipse.rdf4j.sail.lmdb.LmdbStore;
import org.eclipse.rdf4j.sail.lmdb.config.LmdbStoreConfig;

/** RDF4J with its LmdbStore: three indexes, bulk load in one transaction without isolation. */
final class Rdf4jStore implements Store {
  private static final String INDEXES = "spoc,posc,ospc";

  private SailRepository repository;
  private String folder;
  private boolean synced;
  private final ThreadLocal<RepositoryConnection> connections = ThreadLocal.withInitial(() -> repository.getConnection());

  @Override
  public String version() {
    return LmdbStore.class.getPackage().getImplementationVersion();
  }

  @Override
  public String settings() {
    return "LmdbStore, indexes " + INDEXES + ", value cache 100000, isolation NONE for loads, 3 GB heap";
  }

  private void connect(boolean sync) {
    final LmdbStoreConfig config = new LmdbStoreConfig(INDEXES);
    config.setForceSync(sync);
    config.setValueCacheSize(100000);
    config.setValueIDCacheSize(100000);
    repository = new SailRepository(new LmdbStore(new File(folder), config));
    repository.init();
    synced = sync;
  }

  private void disconnect() {
    connections.get().close();
    connections.remove();
    repository.shutDown();
  }

  @Override
  public void open(String name) {
    folder = name;
    connect(true);
  }

  @Override
  public long load(List<String> files) throws Exception {
    final RepositoryConnection connection = connections.get();
    connection.begin(IsolationLevels.NONE);
    for (String file : files) {
      connection.add(new File(file), "urn:bench:", RDFFormat.NTRIPLES);
    }
    connection.commit();
    return connection.size();
  }

  @Override
  public Object prepare(String text) {
    return text;
  }

  private static String text(Value value) {
    if (value == null) {
      return null;
    }
    return value instanceof Literal l ? Store.literal(l.getLabel(), l.getDatatype().stringValue())
                                      : value.isBNode() ? "_:" + value.stringValue() : value.stringValue();
  }

  @Override
  public long run(Object query, boolean fetch, Rows rows) {
    final Query prepared = connections.get().prepareQuery((String) query);
    if (prepared instanceof BooleanQuery question) {
      final boolean yes = question.evaluate();
      if (rows != null) {
        rows.row(new String[] {Boolean.toString(yes)});
      }
      return 1;
    }
    try (TupleQueryResult result = ((TupleQuery) prepared).evaluate()) {
      return fetchAll(result, fetch, rows);
    }
  }

  private static long fetchAll(TupleQueryResult result, boolean fetch, Rows rows) {
    final String[] names = result.getBindingNames().toArray(String[]::new);
    final String[] columns = new String[names.length];
    long count = 0;
    for (; result.hasNext(); count++) {
      final BindingSet row = result.next();
      for (int i = 0; i < names.length && fetch; i++) {
        final Binding binding = row.getBinding(names[i]);
        columns[i] = binding == null ? null : text(binding.getValue());
      }
      if (rows != null) {
        rows.row(columns);
      }
    }
    return count;
  }

  /** The store syncs every commit or none: another wish opens it anew, which the first sample then pays. */
  @Override
  public void insert(long first, int size, boolean durable) {
    if (durable != synced) {
      disconnect();
      connect(durable);
    }
    final RepositoryConnection connection = connections.get();
    final ValueFactory make = connection.getValueFactory();
    connection.begin();
    for (long i = first; i < first + size; i++) {
      connection.add(make.createIRI("urn:bench:s" + i), make.createIRI("urn:bench:p" + i % 10),
          make.createIRI("urn:bench:o" + i * 7919 % 10000));
    }
    connection.commit();
  }

  @Override
  public void close() {
    if (repository != null) {
      disconnect();
    }
  }
}

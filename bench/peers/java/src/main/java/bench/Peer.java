package bench;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.Adler32;
import java.util.zip.CRC32;

/** The loop of a peer (bench/README.md): one JSON request a line in, one answer out. Argument: jena or rdf4j. */
public final class Peer {
  private static final int TIMES_OF_READER = 1250;
  private static final long WRITER_FIRST = 1000000000;

  private final Store store;
  private long rows;
  private long total;

  private Peer(Store store) {
    this.store = store;
  }

  public static void main(String[] arguments) throws Exception {
    final PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    System.setOut(System.err);
    final Peer peer = new Peer(arguments[0].equals("jena") ? new JenaStore() : new Rdf4jStore());
    final BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      final JsonObject request = JsonParser.parseString(line).getAsJsonObject();
      if (request.get("do").getAsString().equals("close")) {
        break;
      }
      out.println(new Gson().toJson(peer.answer(request)));
      out.flush();
    }
    peer.store.close();
    out.println("{}");
    out.flush();
    System.exit(0);
  }

  private JsonObject answer(JsonObject request) {
    try {
      switch (request.get("do").getAsString()) {
        case "open":
          return open(request);
        case "load":
          return load(request);
        case "run":
          return run(request);
        case "insert":
          return insert(request);
        case "concurrent":
          return concurrent(request);
        default:
          throw new Store.Cannot("unknown request");
      }
    } catch (Store.Cannot why) {
      return message("cannot", why);
    } catch (Throwable why) {
      return message("error", why);
    }
  }

  private static JsonObject message(String kind, Throwable why) {
    final JsonObject reply = new JsonObject();
    reply.addProperty(kind, kind.equals("cannot") ? why.getMessage() : why.toString());
    return reply;
  }

  private static double number(JsonObject request, String key, double otherwise) {
    return request.has(key) ? request.get(key).getAsDouble() : otherwise;
  }

  private static boolean flag(JsonObject request, String key, boolean otherwise) {
    return request.has(key) ? request.get(key).getAsBoolean() : otherwise;
  }

  private static List<String> texts(JsonObject request, String key) {
    final List<String> list = new ArrayList<>();
    for (JsonElement e : request.getAsJsonArray(key)) {
      list.add(e.getAsString());
    }
    return list;
  }

  private static JsonObject times(List<Double> ms) {
    final JsonObject reply = new JsonObject();
    final JsonArray list = new JsonArray();
    ms.forEach(list::add);
    reply.add("ms", list);
    return reply;
  }

  private JsonObject open(JsonObject request) throws Exception {
    store.open(request.get("store").getAsString());
    final JsonObject reply = new JsonObject();
    reply.addProperty("version", store.version());
    reply.addProperty("settings", store.settings());
    return reply;
  }

  private JsonObject load(JsonObject request) throws Exception {
    if (request.has("format") && !request.get("format").getAsString().equals("nt")) {
      throw new Store.Cannot("no loader for " + request.get("format").getAsString());
    }
    final long start = System.nanoTime();
    final long triples = store.load(texts(request, "files"));
    final JsonObject reply = new JsonObject();
    reply.addProperty("seconds", (System.nanoTime() - start) / 1e9);
    reply.addProperty("triples", triples);
    return reply;
  }

  private void add(String[] columns) {
    final StringBuilder text = new StringBuilder();
    for (int i = 0; i < columns.length; i++) {
      text.append(i == 0 ? "" : "\t").append(columns[i] == null ? "" : columns[i]);
    }
    final byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
    final CRC32 crc = new CRC32();
    final Adler32 adler = new Adler32();
    crc.update(bytes);
    adler.update(bytes);
    total += (crc.getValue() << 32) + adler.getValue();
    rows++;
  }

  private void check(List<Object> queries) throws Exception {
    rows = total = 0;
    for (Object q : queries) {
      store.run(q, true, this::add);
    }
  }

  private List<Double> timed(JsonObject request, List<Object> queries) throws Exception {
    final int times = (int) number(request, "times", 5);
    final int group = (int) number(request, "group", 1);
    final double seconds = number(request, "seconds", 10);
    final boolean fetch = !request.has("fetch") || request.get("fetch").getAsString().equals("rows");
    final List<Double> ms = new ArrayList<>();
    final long begin = System.nanoTime();
    for (int i = 0; ms.size() < times && (ms.isEmpty() || System.nanoTime() - begin < seconds * 1e9);) {
      final long start = System.nanoTime();
      for (int k = 0; k < group; k++, i++) {
        store.run(queries.get(i % queries.size()), fetch, null);
      }
      ms.add((System.nanoTime() - start) / 1e6 / group);
    }
    return ms;
  }

  private JsonObject run(JsonObject request) throws Exception {
    if (request.has("parameters") && request.getAsJsonArray("parameters").size() > 0) {
      throw new Store.Cannot("no parameters");
    }
    final boolean prepared = request.has("mode") && request.get("mode").getAsString().equals("prepared");
    final List<Object> queries = new ArrayList<>();
    for (String text : texts(request, "texts")) {
      queries.add(prepared ? store.prepare(text) : text);
    }
    final boolean cold = flag(request, "cold", false);
    if (!cold) {
      check(queries);
    }
    final JsonObject reply = times(timed(request, queries));
    if (cold) {
      check(queries);
    }
    reply.addProperty("rows", rows);
    reply.addProperty("sum", String.format("%016x", total));
    return reply;
  }

  private JsonObject insert(JsonObject request) throws Exception {
    final int size = (int) number(request, "size", 1);
    long first = (long) number(request, "first", 0);
    final List<Double> ms = new ArrayList<>();
    for (int i = 0; i < (int) number(request, "batches", 1); i++, first += size) {
      final long start = System.nanoTime();
      store.insert(first, size, flag(request, "durable", true));
      ms.add((System.nanoTime() - start) / 1e6);
    }
    return times(ms);
  }

  private void read(Object query, AtomicBoolean stop, AtomicLong reads, List<Double> ms) {
    try {
      for (int n = 0; !stop.get(); n++) {
        final long start = System.nanoTime();
        store.run(query, true, null);
        if (n < TIMES_OF_READER) {
          synchronized (ms) {
            ms.add((System.nanoTime() - start) / 1e6);
          }
        }
        reads.incrementAndGet();
      }
    } catch (Exception why) {
      throw new IllegalStateException(why);
    }
  }

  /** Single facts for some seconds; returns how many. */
  private long write(JsonObject request) throws Exception {
    final long end = System.nanoTime() + (long) (number(request, "seconds", 3) * 1e9);
    long writes = 0;
    while (System.nanoTime() < end) {
      if (flag(request, "writer", true)) {
        store.insert(WRITER_FIRST + writes++, 1, store.alwaysDurable());
      } else {
        Thread.sleep(10);
      }
    }
    return writes;
  }

  private JsonObject concurrent(JsonObject request) throws Exception {
    final Object query = store.prepare(request.get("text").getAsString());
    final AtomicBoolean stop = new AtomicBoolean();
    final AtomicLong reads = new AtomicLong();
    final List<Double> ms = new ArrayList<>();
    final List<Thread> readers = new ArrayList<>();
    for (int i = 0; i < (int) number(request, "readers", 8); i++) {
      readers.add(new Thread(() -> read(query, stop, reads, ms)));
      readers.get(i).start();
    }
    long writes = 0;
    try {
      writes = write(request);
    } finally {
      stop.set(true);
      for (Thread reader : readers) {
        reader.join();
      }
    }
    final JsonObject reply = times(ms.subList(0, Math.min(ms.size(), 10000)));
    reply.addProperty("reads", reads.get());
    reply.addProperty("writes", writes);
    return reply;
  }
}

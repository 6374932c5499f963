package bench;

import java.util.List;

/** What a store of the Java world can do for the protocol of bench/README.md. */
interface Store {
  /** Thrown for what this peer can never do. */
  final class Cannot extends RuntimeException {
    Cannot(String why) {
      super(why);
    }
  }

  /** Receives the columns of one row, in canonical text; null is null. */
  interface Rows {
    void row(String[] columns);
  }

  String version();

  String settings();

  void open(String folder) throws Exception;

  /** Loads N-Triples files durably; returns the number of triples of the store. */
  long load(List<String> files) throws Exception;

  /** A text parsed once. */
  Object prepare(String text) throws Exception;

  /**
   * Runs a text, or what prepare() made of it. With fetch every column is made into text; rows may be null.
   * Returns the number of rows.
   */
  long run(Object query, boolean fetch, Rows rows) throws Exception;

  /** Every commit is on the disk: it cannot do without. */
  default boolean alwaysDurable() {
    return false;
  }

  void insert(long first, int size, boolean durable) throws Exception;

  void close() throws Exception;

  /** The canonical text of a literal: whole numbers in digits, other numbers as %.6g, anything else as it is. */
  static String literal(String lexical, String datatype) {
    if (datatype == null || !datatype.startsWith("http://www.w3.org/2001/XMLSchema#")) {
      return lexical;
    }
    switch (datatype.substring(datatype.indexOf('#') + 1)) {
      case "integer", "int", "long", "decimal", "double", "float":
        final double value = Double.parseDouble(lexical);
        final boolean whole = value == Math.rint(value) && Math.abs(value) < 1e15;
        return whole ? Long.toString((long) value) : shortest(value);
      default:
        return lexical;
    }
  }

  /** What C prints for %.6g. */
  private static String shortest(double value) {
    final int exponent = (int) Math.floor(Math.log10(Math.abs(value)));
    if (exponent < -5 || exponent >= 6) {
      final String[] parts = String.format("%.5e", value).split("e");
      return trim(parts[0]) + "e" + parts[1];
    }
    return trim(String.format("%." + (5 - exponent) + "f", value));
  }

  private static String trim(String digits) {
    return digits.contains(".") ? digits.replaceAll("0+$", "").replaceAll("\\.$", "") : digits;
  }
}

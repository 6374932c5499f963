#!/usr/bin/env bash
# run.sh FOLDER (jena|rdf4j): starts a Java peer that need.sh built in FOLDER. 3 GB of heap; the stores' own files are mapped beside it.
exec java -Xms1g -Xmx3g -XX:+UseParallelGC -cp "$1/target/classes:$1/target/lib/*" bench.Peer "$2"

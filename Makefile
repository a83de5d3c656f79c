# Thin over packaging/ and CMake's presets; a fresh machine has no make and uses packaging/run and packaging/test.
.PHONY: run test test-long build lint bench load cover packages clean

run:
	packaging/run

test:
	packaging/test

test-long:
	packaging/test-long

build:
	packaging/deps build
	packaging/build release penstock

bench:
	packaging/bench

load:
	packaging/load

cover:
	packaging/cover

packages:
	packaging/packages

lint:
	packaging/lint

clean:
	rm -rf build

"""How fast it is: beside a FastAPI service, beside the database alone, and as the register grows.

`make bench` runs all of it (`python -m tests.benchmarks --help` says how to run a part). It needs
wrk (`apt-get install wrk`, `brew install wrk`), and the package registry the first time. Everything
else is made in `.data/bench`: delete it to begin anew. Only ratios of one run mean something.
"""

# The checks stand in .ci/run, once; these recipes are names for them.

# What a push needs.
check:
    .ci/run

# Formats every file in place.
fmt:
    cargo fmt --all

# Lints every target with all features, and the library without any.
clippy:
    .ci/run clippy clippy-bare

# README's command: unit tests, suites, doctests.
test:
    .ci/run test

# The canary suite finds every planted leak.
leaks:
    .ci/run leaks

# API documentation without warnings.
doc:
    .ci/run doc

# The compile-fail and pass cases of the macros.
ui:
    .ci/run ui

# The rules of CONTRIBUTING.md that a program can hold.
tidy:
    .ci/run tidy

# Builds every example and runs the quick start.
examples:
    .ci/run examples

# Every fuzz target, from one seed on.
fuzz:
    .ci/run fuzz

# Ratios of one run, as README states them.
bench:
    .ci/run bench

# The slow suites at full size.
full:
    .ci/run full

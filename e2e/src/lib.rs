//! Nothing to use: this package has only tests, in `tests/it`.

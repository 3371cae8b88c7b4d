//! One file per command: load, call the pure parts, do the effects, print.

"""Typed settings: shipped defaults < syncer.toml < SYNCER_* environment < secret files."""

"""The feature store: offline tables, online tables, their copies in other regions."""

"""The part of the report about accuracy: tables and figures from the records of an accuracy run."""

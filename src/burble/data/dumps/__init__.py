"""Files of records, of which one field is text: JSON, tables of workbooks and databases, mail."""

"""Tables, workbooks and reports: values in, bytes out."""

"""The queries of alerts, workbook and documentation."""

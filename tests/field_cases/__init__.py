"""What people met in the field, each case by its number, on the whole path.

The numbers are those of the issue tracker's and question threads' reports that the rules go by;
``docs/reference/field-cases.md`` tells each in a sentence. Encodings and properties of requests
(F16, F17, F21 to F23) have their tests beside the code that reads them.
"""

"""The tests; they mirror the product's folders."""

"""The page and the API of `burble serve`. Knows no mathematics."""

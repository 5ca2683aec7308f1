"""Why language models fail, as materialized, lineage-tracked tables."""

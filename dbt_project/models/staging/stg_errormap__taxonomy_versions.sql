select
    taxonomy,
    version,
    status,
    parent_version,
    content_hash,
    n_categories,
    n_errors,
    judge,
    created_at,
    run_id,
from {{ source('errormap', 'taxonomy_versions') }}

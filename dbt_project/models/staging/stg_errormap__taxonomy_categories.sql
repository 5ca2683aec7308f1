select
    taxonomy,
    version,
    category_id,
    parent_category_id,
    depth,
    name,
    description,
    example,
    counter_example,
    priority,
    origin,
from {{ source('errormap', 'taxonomy_categories') }}

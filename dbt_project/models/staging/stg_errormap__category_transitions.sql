select
    taxonomy,
    version,
    dataset,
    model_a,
    model_b,
    from_category_id,
    to_category_id,
    n_pairs,
    pair_share,
from {{ source('errormap', 'category_transitions') }}

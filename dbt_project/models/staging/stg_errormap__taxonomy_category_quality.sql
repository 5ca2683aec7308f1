select
    taxonomy,
    version,
    category_id,
    n_errors,
    n_second_pass,
    agreement_share,
    nearest_category_id,
    n_repeats,
    jaccard,
    jaccard_low,
    is_unstable,
from {{ source('errormap', 'taxonomy_category_quality') }}

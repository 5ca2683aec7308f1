select
    taxonomy,
    version,
    category_id,
    runner_up_category_id,
    n_errors,
    mean_confidence,
    n_second_pass,
    n_changed,
from {{ source('errormap', 'taxonomy_confusions') }}

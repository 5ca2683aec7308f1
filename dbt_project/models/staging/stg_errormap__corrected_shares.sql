select
    taxonomy,
    version,
    dataset,
    model,
    category_id,
    n_judged,
    n_named,
    raw_share,
    corrected_share,
    corrected_share_low,
    corrected_share_high,
    reason,
from {{ source('errormap', 'corrected_shares') }}

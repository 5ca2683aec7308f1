select
    dataset,
    n_examples,
    n_suspects,
    n_reviewed,
    n_wrong,
    suspect_share,
    suspect_share_low,
    suspect_share_high,
    noise_share,
    noise_share_low,
    noise_share_high,
from {{ source('errormap', 'gold_noise') }}

select
    dataset,
    model,
    n_predictions,
    success_rate,
    rank,
    n_without_suspects,
    success_rate_without_suspects,
    rank_without_suspects,
    n_without_wrong,
    success_rate_without_wrong,
    rank_without_wrong,
from {{ source('errormap', 'gold_scores') }}

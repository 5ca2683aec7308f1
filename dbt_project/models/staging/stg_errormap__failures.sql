select
    prediction_id,
    dataset,
    model,
    example_id,
    trial,
    score,
    metric,
    threshold,
    higher_is_better,
    is_sampled,
    sampling_weight,
from {{ source('errormap', 'failures') }}

select
    predictions.model,
    count(predictions.dataset)::bigint as n_datasets,
    sum(predictions.n_predictions)::bigint as n_predictions,
    coalesce(sum(outcomes.n_failures), 0)::bigint as n_failures,
    coalesce(sum(outcomes.n_failures), 0) / sum(predictions.n_predictions)::double as failure_rate,
    avg(coalesce(outcomes.n_failures, 0) / predictions.n_predictions::double)
        as mean_failure_rate,
    min(predictions.first_landed_at) as first_landed_at,
    max(predictions.last_landed_at) as last_landed_at,
from {{ ref('int_predictions_per_evaluation') }} as predictions
left join {{ ref('int_outcomes_per_evaluation') }} as outcomes using (dataset, model)
group by predictions.model

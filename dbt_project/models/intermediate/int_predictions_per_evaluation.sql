select
    dataset,
    model,
    count(prediction_id) as n_predictions,
    count(distinct example_id) as n_examples,
    max(trial) as max_trial,
    count(correct_answer) as n_with_correct_answer,
    min(metric) as metric,
    min(landed_at) as first_landed_at,
    max(landed_at) as last_landed_at,
from {{ ref('stg_errormap__raw_predictions') }}
semi join {{ ref('int_complete_evaluations') }} using (dataset, model)
group by dataset, model

select
    failures.prediction_id,
    failures.dataset,
    failures.model,
    failures.example_id,
    failures.trial,
    failures.score,
    failures.metric,
    failures.threshold,
    failures.is_sampled,
    failures.sampling_weight,
    ledger.outcome,
    ledger.reason,
    judged.error_title,
    judged.error_summary,
    ledger.taxonomy,
    ledger.version,
    ledger.category_id,
    categories.name as category_name,
    categories.path as category_path,
    assignments.confidence,
    assignments.runner_up_category_id,
    len(list_filter(judged.criteria, lambda c: c.is_evidence_found))::bigint as n_quotes_found,
    judged.judge,
    judged.prompt_version,
from {{ ref('stg_errormap__failures') }} as failures
semi join {{ ref('int_complete_evaluations') }} as complete
    on failures.dataset = complete.dataset
    and failures.model = complete.model
left join {{ ref('stg_errormap__failure_ledger') }} as ledger
    on failures.prediction_id = ledger.prediction_id
left join {{ ref('stg_errormap__judged_errors') }} as judged
    on failures.prediction_id = judged.prediction_id
left join {{ ref('stg_errormap__category_assignments') }} as assignments
    on ledger.prediction_id = assignments.prediction_id
    and ledger.taxonomy = assignments.taxonomy
    and ledger.version = assignments.version
left join {{ ref('dim_categories') }} as categories
    on ledger.taxonomy = categories.taxonomy
    and ledger.version = categories.version
    and ledger.category_id = categories.category_id

select dataset, model,
from {{ ref('stg_errormap__evaluations') }}
where is_complete

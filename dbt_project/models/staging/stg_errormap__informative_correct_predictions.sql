select
    dataset,
    example_id,
    rank,
    model,
    output_text,
    prediction_id,
from {{ source('errormap', 'informative_correct_predictions') }}

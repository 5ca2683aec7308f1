{% test share(model, column_name) %}

-- A share lies in 0 to 1, up to the last bits of a sum of floats.
select {{ column_name }},
from {{ model }}
where {{ column_name }} < -1e-9 or {{ column_name }} > 1 + 1e-9

{% endtest %}

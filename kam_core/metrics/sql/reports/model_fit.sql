-- grain: one row about the churn model in use: method, data window, parameters, and what stood in its way
select * from model_fit
where problem <> 'no_orders'

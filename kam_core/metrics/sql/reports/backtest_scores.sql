-- grain: one row per score and figure of the replays over the whole company, with the model's lead and 90 % intervals
select s.*, f.in_use, f.horizon_days, f.key_share, f.backtest_problem
from model_fit as f
inner join backtest_score as s on true
order by s.score, s.figure

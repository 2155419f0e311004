-- grain: one row per group of accounts with parameters of its own (by segment, industry or region; null: all others), the largest first; none where all accounts are fitted as one
select * from model_segments
order by accounts desc, value

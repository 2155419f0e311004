-- grain: one row per stage of opportunities, in order: its name, what it means (open, won, lost), the chance to win by policy
select place, stage, outcome, probability from stages order by place

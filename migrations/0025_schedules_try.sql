-- A run of a schedule may be an experiment instead of a turn.
ALTER TABLE schedule_runs ADD COLUMN experiment_id BLOB;

-- One row for what somebody does to a folder in one transaction, found by the index whatever the statistics say.

create unique index folder_changes_are_noted_once on folder_changes (org_id, folder_id, changed_at, actor_id);
drop index folder_changes_in_order;

-- The folder first: plans that are made while the table is small, such as those that check foreign keys, would otherwise
-- look for one secret among all of its organization by this index.

create index secrets_by_folder on secrets (folder_id, org_id);
drop index secrets_of_folders;

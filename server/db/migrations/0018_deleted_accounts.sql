-- Accounts that were deleted: the row stays for what refers to it, and says nothing of the person any more.

alter table users add column deleted_at timestamptz;

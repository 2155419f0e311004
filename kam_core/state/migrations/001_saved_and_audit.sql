-- What people create in the app, and what they did. Later versions add files; this one never changes.

create table saved (
    id integer primary key autoincrement,
    kind text not null,                 -- view, note, policy_draft, handover_plan, recipe, mapping
    name text not null,
    owner text not null,                -- the key of a person
    about text not null default '',     -- what it is about, such as an account's id
    shared integer not null,
    body text not null,                 -- JSON
    created_at text not null,
    changed_at text not null,
    unique (kind, owner, name)
);
create index saved_about on saved (kind, about);

create table audit (
    id integer primary key autoincrement,   -- the order of events, whatever the clock says
    at text not null,
    person text not null,
    acting_for text,
    action text not null,
    what text not null,                 -- JSON
    rows integer,
    check (json_valid(what))
);

-- The one way an entry may go: the age that the policy sets. `first_kept` only ever rises.
create table audit_retention (first_kept integer not null);
insert into audit_retention values (0);

create trigger audit_is_never_changed before update on audit
begin
    select raise(abort, 'the audit log is append-only');
end;

-- "insert or replace" would delete without asking the trigger below.
create trigger audit_is_never_replaced before insert on audit
when exists (select 1 from audit where id = new.id)
begin
    select raise(abort, 'the audit log is append-only');
end;

create trigger audit_is_never_deleted before delete on audit
when old.id >= (select first_kept from audit_retention)
begin
    select raise(abort, 'the audit log is append-only');
end;

create trigger audit_retention_only_rises before update on audit_retention
when new.first_kept < old.first_kept
begin
    select raise(abort, 'the audit log is append-only');
end;

create trigger audit_retention_stays before delete on audit_retention
begin
    select raise(abort, 'the audit log is append-only');
end;

create trigger audit_retention_is_one before insert on audit_retention
begin
    select raise(abort, 'the audit log is append-only');
end;

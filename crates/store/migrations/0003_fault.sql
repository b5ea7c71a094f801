-- Why a dead letter was refused, as a fault with what it speaks of, beside the words that its sender was answered.
alter table dead_letter add column fault text not null default '';

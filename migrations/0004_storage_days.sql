CREATE TABLE `storage_days` (
	`user_id` text NOT NULL,
	`sync_id` text NOT NULL,
	`day` integer NOT NULL,
	`files` integer NOT NULL,
	`bytes` integer NOT NULL,
	`version_bytes` integer NOT NULL,
	PRIMARY KEY(`user_id`, `sync_id`, `day`)
) WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO storage_days (user_id, sync_id, day, files, bytes, version_bytes)
SELECT user_id, id, unixepoch() / 86400, stored_count + held_count, stored_bytes, version_bytes FROM syncs;

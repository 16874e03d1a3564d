CREATE TABLE `audit_events` (
	`user_id` text NOT NULL,
	`id` text NOT NULL,
	`at` integer NOT NULL,
	`actor` text NOT NULL,
	`action` text NOT NULL,
	`target` text,
	`name` text,
	`network` text,
	`agent` text,
	PRIMARY KEY(`user_id`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `audit_events_by_time` ON `audit_events` (`at`);--> statement-breakpoint
CREATE TABLE `erasures` (
	`user_id` text PRIMARY KEY NOT NULL,
	`begun_at` integer NOT NULL,
	`ended_at` integer
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `erasures_under_way` ON `erasures` (`user_id`) WHERE ended_at IS NULL;--> statement-breakpoint
CREATE INDEX `erasures_by_end` ON `erasures` (`ended_at`) WHERE ended_at IS NOT NULL;--> statement-breakpoint
ALTER TABLE `identities` ADD `name` text;--> statement-breakpoint
ALTER TABLE `identities` ADD `email` text;--> statement-breakpoint
ALTER TABLE `sessions` ADD `last_used_at` integer;
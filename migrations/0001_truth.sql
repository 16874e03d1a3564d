CREATE TABLE `changes` (
	`user_id` text NOT NULL,
	`number` integer NOT NULL,
	`at` integer NOT NULL,
	`sync_id` text NOT NULL,
	`items` text NOT NULL,
	PRIMARY KEY(`user_id`, `number`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `receipts` (
	`sync_id` text NOT NULL,
	`run_id` text NOT NULL,
	`receipt` text NOT NULL,
	PRIMARY KEY(`sync_id`, `run_id`)
) WITHOUT ROWID;
--> statement-breakpoint
ALTER TABLE `items` ADD `restored_from` integer;--> statement-breakpoint
ALTER TABLE `items` ADD `kept` text;--> statement-breakpoint
CREATE INDEX `items_removed` ON `items` (`sync_id`,`seen_at`) WHERE state = 'removed';--> statement-breakpoint
CREATE INDEX `items_held` ON `items` (`sync_id`,`parent_id`) WHERE state = 'held';--> statement-breakpoint
ALTER TABLE `runs` ADD `held` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `runs` ADD `changed` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `runs` ADD `drift` text;--> statement-breakpoint
ALTER TABLE `syncs` ADD `selection` text DEFAULT '[]' NOT NULL;--> statement-breakpoint
ALTER TABLE `syncs` ADD `filters` text DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE `syncs` ADD `options` text DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE `syncs` ADD `excluded_count` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `syncs` ADD `held_count` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `syncs` ADD `version_count` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `syncs` ADD `version_bytes` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `syncs` ADD `purge_due_at` integer;--> statement-breakpoint
ALTER TABLE `syncs` ADD `alarmed_at` integer;--> statement-breakpoint
ALTER TABLE `syncs` ADD `alarmed_count` integer;--> statement-breakpoint
CREATE INDEX `syncs_by_purge` ON `syncs` (`purge_due_at`) WHERE purge_due_at IS NOT NULL;--> statement-breakpoint
ALTER TABLE `users` ADD `quota_bytes` integer;--> statement-breakpoint
ALTER TABLE `users` ADD `quota_items` integer;--> statement-breakpoint
ALTER TABLE `users` ADD `quota_syncs` integer;--> statement-breakpoint
ALTER TABLE `versions` ADD `restored_from` integer;
CREATE TABLE `connections` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`provider` text NOT NULL,
	`account_id` text NOT NULL,
	`account_email` text,
	`label` text NOT NULL,
	`auth_type` text NOT NULL,
	`status` text NOT NULL,
	`scopes` text NOT NULL,
	`last_validated_at` integer,
	`created_at` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `connections_by_account` ON `connections` (`user_id`,`provider`,`account_id`);--> statement-breakpoint
CREATE TABLE `identities` (
	`issuer` text NOT NULL,
	`subject` text NOT NULL,
	`user_id` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`issuer`, `subject`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `identities_by_user` ON `identities` (`user_id`);--> statement-breakpoint
CREATE TABLE `items` (
	`sync_id` text NOT NULL,
	`remote_id` text NOT NULL,
	`parent_id` text,
	`kind` integer NOT NULL,
	`name` text NOT NULL,
	`size` integer,
	`mime_type` text,
	`web_url` text,
	`created_at` integer,
	`modified_at` integer,
	`seen_at` integer NOT NULL,
	`hash` text,
	`content_tag` text,
	`state` text NOT NULL,
	`reason` text,
	`pending_job` text,
	`next_attempt_at` integer,
	`attempts` integer DEFAULT 0 NOT NULL,
	`run_id` text,
	`stored_id` text,
	`stored_number` integer DEFAULT 0 NOT NULL,
	`stored_size` integer,
	`stored_sha256` text,
	`stored_at` integer,
	`stored_hash` text,
	`stored_tag` text,
	`stored_source_size` integer,
	`stored_modified_at` integer,
	`stored_differs` integer,
	PRIMARY KEY(`sync_id`, `remote_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `items_by_parent` ON `items` (`sync_id`,`parent_id`,`kind`,name COLLATE NOCASE);--> statement-breakpoint
CREATE INDEX `items_failed` ON `items` (`sync_id`,`next_attempt_at`) WHERE state = 'failed';--> statement-breakpoint
CREATE TABLE `run_events` (
	`run_id` text NOT NULL,
	`number` integer NOT NULL,
	`at` integer NOT NULL,
	`level` text NOT NULL,
	`message` text NOT NULL,
	`remote_id` text,
	PRIMARY KEY(`run_id`, `number`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `runs` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`sync_id` text NOT NULL,
	`type` text NOT NULL,
	`status` text NOT NULL,
	`trigger` text NOT NULL,
	`phase` text NOT NULL,
	`created_at` integer NOT NULL,
	`started_at` integer,
	`finished_at` integer,
	`discovered` integer DEFAULT 0 NOT NULL,
	`pending` integer DEFAULT 0 NOT NULL,
	`stored` integer DEFAULT 0 NOT NULL,
	`skipped` integer DEFAULT 0 NOT NULL,
	`failed` integer DEFAULT 0 NOT NULL,
	`removed` integer DEFAULT 0 NOT NULL,
	`bytes` integer DEFAULT 0 NOT NULL,
	`provider_requests` integer DEFAULT 0 NOT NULL,
	`rows_written` integer DEFAULT 0 NOT NULL,
	`queue_operations` integer DEFAULT 0 NOT NULL,
	`storage_puts` integer DEFAULT 0 NOT NULL,
	`error_code` text,
	`error_message` text
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `runs_by_sync` ON `runs` (`sync_id`,`id`);--> statement-breakpoint
CREATE INDEX `runs_by_user` ON `runs` (`user_id`,`id`);--> statement-breakpoint
CREATE INDEX `runs_unfinished` ON `runs` (`user_id`) WHERE finished_at IS NULL;--> statement-breakpoint
CREATE TABLE `sessions` (
	`hash` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`user_agent` text,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `sessions_by_user` ON `sessions` (`user_id`);--> statement-breakpoint
CREATE INDEX `sessions_by_expiry` ON `sessions` (`expires_at`);--> statement-breakpoint
CREATE TABLE `syncs` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`connection_id` text NOT NULL,
	`name` text NOT NULL,
	`mode` text NOT NULL,
	`schedule` text NOT NULL,
	`labels` text NOT NULL,
	`status` text NOT NULL,
	`wake_slot` integer,
	`interval_minutes` integer,
	`next_due_at` integer,
	`up_to_date_at` integer,
	`item_count` integer DEFAULT 0 NOT NULL,
	`file_count` integer DEFAULT 0 NOT NULL,
	`stored_count` integer DEFAULT 0 NOT NULL,
	`failed_count` integer DEFAULT 0 NOT NULL,
	`skipped_count` integer DEFAULT 0 NOT NULL,
	`stored_bytes` integer DEFAULT 0 NOT NULL,
	`source_bytes` integer DEFAULT 0 NOT NULL,
	`created_at` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `syncs_by_user` ON `syncs` (`user_id`);--> statement-breakpoint
CREATE INDEX `syncs_by_slot` ON `syncs` (`interval_minutes`,`wake_slot`,`user_id`) WHERE interval_minutes IS NOT NULL AND status = 'active';--> statement-breakpoint
CREATE INDEX `syncs_by_due` ON `syncs` (`next_due_at`) WHERE next_due_at IS NOT NULL AND status = 'active';--> statement-breakpoint
CREATE TABLE `ticks` (
	`name` text PRIMARY KEY NOT NULL,
	`at` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `users` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`email` text,
	`home_shard` integer DEFAULT 0 NOT NULL,
	`created_at` integer NOT NULL,
	`signed_in_at` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `versions` (
	`sync_id` text NOT NULL,
	`remote_id` text NOT NULL,
	`number` integer NOT NULL,
	`stored_id` text NOT NULL,
	`size` integer NOT NULL,
	`sha256` text NOT NULL,
	`stored_at` integer NOT NULL,
	`ended_at` integer NOT NULL,
	`ended_by` text NOT NULL,
	PRIMARY KEY(`sync_id`, `remote_id`, `number`)
) WITHOUT ROWID;

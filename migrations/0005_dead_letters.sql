CREATE TABLE `dead_letters` (
	`id` text PRIMARY KEY NOT NULL,
	`queue` text NOT NULL,
	`user_id` text NOT NULL,
	`message` text NOT NULL,
	`reason` text,
	`count` integer NOT NULL,
	`first_at` integer NOT NULL,
	`last_at` integer NOT NULL,
	`returned_at` integer
) WITHOUT ROWID;

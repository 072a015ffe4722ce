// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmodctl: commands and their options.
 */
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "kmodctl.h"
#include "policy.h"

#define MAX_OPTIONS	17
#define NOT_A_LETTER	256

static struct options options;
static bool help;

/* An option sets a flag or takes an argument. */
struct option_info {
	int code;		/* the letter, or NOT_A_LETTER or above if there is none */
	const char *name;
	const char *summary;
	bool *flag;
	const char **word;
	const char *metavar;
};

static const struct option_info
opt_all = { 'a', "all", "include modules that are gone or failed to load",
	    .flag = &options.all },
opt_debugfs = { NOT_A_LETTER, "debugfs", "mount point of debugfs (default: from /proc/mounts)",
		.word = &options.debugfs, .metavar = "DIR" },
opt_help = { 'h', "help", "show this help", .flag = &help },
opt_json = { 'j', "json", "print JSON", .flag = &options.json },
opt_lines = { 'n', "lines", "show only the last N requests",
	      .word = &options.lines, .metavar = "N" },
opt_openmetrics = { NOT_A_LETTER + 1, "openmetrics", "OpenMetrics text instead of Prometheus",
		    .flag = &options.openmetrics },
opt_output = { 'o', "output", "replace this file atomically, print nothing",
	       .word = &options.output, .metavar = "FILE" },
opt_securityfs = { NOT_A_LETTER + 2, "securityfs",
		   "mount point of securityfs (default: from /proc/mounts)",
		   .word = &options.securityfs, .metavar = "DIR" },
opt_sysctl = { NOT_A_LETTER + 3, "sysctl", "directory to use instead of /proc/sys",
	       .word = &options.sysctl, .metavar = "DIR" },
opt_rules = { NOT_A_LETTER + 4, "rules", "print a policy file", .flag = &options.rules },
opt_dry_run = { NOT_A_LETTER + 5, "dry-run", "change nothing, print what would change",
		.flag = &options.dry_run },
opt_force = { NOT_A_LETTER + 6, "force", "allow a list of helpers without kernel.modprobe",
	      .flag = &options.force },
opt_root = { NOT_A_LETTER + 7, "root", "directory that has /etc/kmod and so on",
	     .word = &options.root, .metavar = "DIR" },
opt_modules = { NOT_A_LETTER + 8, "modules",
		"directory to use instead of /lib/modules/VERSION",
		.word = &options.modules, .metavar = "DIR" },
opt_module = { 'm', "module", "the names are those of modules", .flag = &options.module },
opt_file = { 'f', "file", "test this policy file or directory", .word = &options.file,
	     .metavar = "FILE" },
opt_in_force = { NOT_A_LETTER + 9, "in-force", "test the policy in force",
		 .flag = &options.in_force },
opt_uid = { NOT_A_LETTER + 10, "uid", "user id or name (default: 65534)",
	    .word = &options.uid, .metavar = "USER" },
opt_cap = { NOT_A_LETTER + 11, "cap",
	    "capabilities, or none (default: all for user id 0)",
	    .word = &options.cap, .metavar = "LIST" },
opt_userns = { NOT_A_LETTER + 12, "userns", "user namespace: init or other (default: init)",
	       .word = &options.userns, .metavar = "WHICH" },
opt_cgroup = { NOT_A_LETTER + 13, "cgroup", "path of the control group (default: /)",
	       .word = &options.cgroup, .metavar = "PATH" },
opt_denied = { NOT_A_LETTER + 15, "denied", "show only requests that were denied",
	       .flag = &options.denied },
opt_failed = { NOT_A_LETTER + 19, "failed", "show only requests that failed",
	       .flag = &options.failed },
opt_follow = { 'f', "follow", "wait for further requests, and show them",
	       .flag = &options.follow },
opt_name = { NOT_A_LETTER + 20, "name", "show only requests for such names",
	     .word = &options.name, .metavar = "PATTERN" },
opt_since = { NOT_A_LETTER + 21, "since", "show only requests since then, such as 10min",
	      .word = &options.since, .metavar = "TIME" },
opt_unit = { NOT_A_LETTER + 22, "unit", "show only requests of such units",
	     .word = &options.unit, .metavar = "PATTERN" },
opt_of_uid = { NOT_A_LETTER + 23, "uid", "show only requests of this user id or name",
	       .word = &options.uid, .metavar = "USER" },
opt_no_pager = { NOT_A_LETTER + 17, "no-pager", "do not use a pager",
		 .flag = &options.no_pager },
opt_no_trunc = { NOT_A_LETTER + 18, "no-trunc", "do not cut long values",
		 .flag = &options.no_trunc },
opt_wide = { 'w', "wide", "show all columns in full", .flag = &options.wide },
opt_write = { NOT_A_LETTER + 16, "write", "install the rule", .flag = &options.write },
opt_kthread = { NOT_A_LETTER + 14, "kthread", "the requester is a kernel thread",
		.flag = &options.kthread };

#define DIRECTORIES \
	"Without FILE, uses policy.d in /etc/kmod, /run/kmod and /usr/lib/kmod.\n" \
	"FILE may be a directory: it stands for its *.conf files. - is standard input.\n"

#define TABLES	&opt_wide, &opt_no_trunc, &opt_no_pager

static const struct command {
	const char *name;
	int (*run)(const struct options *options);
	const char *summary;
	const char *notes;
	const char *files;	/* in the synopsis, brackets: optional; NULL if it takes none */
	const struct option_info *options[MAX_OPTIONS];
} commands[] = {
	{ "status", cmd_status, "show the state of autoloading on one screen", "", NULL,
	  { &opt_json, &opt_debugfs, &opt_securityfs, &opt_sysctl, &opt_help } },
	{ "log", cmd_log, "show the requests that have ended",
	  "The newest request is last. The kernel keeps the last 256.\n", NULL,
	  { &opt_lines, &opt_follow, &opt_since, &opt_name, &opt_of_uid, &opt_unit, &opt_failed,
	    &opt_denied, &opt_json, TABLES, &opt_debugfs, &opt_help } },
	{ "explain", cmd_explain, "show the modules, the policy and the requests for a name",
	  "The name is that of a request or of a module. Nothing is loaded.\n", "NAME",
	  { &opt_json, TABLES, &opt_modules, &opt_debugfs, &opt_securityfs, &opt_sysctl,
	    &opt_help } },
	{ "inflight", cmd_inflight, "show the requests that have not ended", "", NULL,
	  { &opt_json, TABLES, &opt_debugfs, &opt_help } },
	{ "modules", cmd_modules, "show the modules that requests have loaded", "", NULL,
	  { &opt_all, &opt_json, TABLES, &opt_debugfs, &opt_help } },
	{ "stats", cmd_stats, "show counters and a histogram of durations", "", NULL,
	  { &opt_json, &opt_debugfs, &opt_help } },
	{ "metrics", cmd_metrics, "print counters and the histogram for Prometheus", "", NULL,
	  { &opt_output, &opt_openmetrics, &opt_debugfs, &opt_help } },
	{ "watch", cmd_watch, "show requests as they begin and end",
	  "Uses a trace instance of its own, and removes it at exit.\n", NULL,
	  { &opt_json, &opt_wide, &opt_no_trunc, &opt_debugfs, &opt_help } },
	{ "policy show", cmd_policy_show, "show the policy in force", "", NULL,
	  { &opt_rules, &opt_json, &opt_securityfs, &opt_sysctl, &opt_help } },
	{ "policy check", cmd_policy_check, "check policy files for errors and likely mistakes",
	  DIRECTORIES, "[FILE]...",
	  { &opt_force, &opt_root, &opt_modules, &opt_sysctl, &opt_help } },
	{ "policy test", cmd_policy_test, "show what the policy decides on names",
	  "Nothing is loaded. By default, the files that are loaded at boot are tested.\n"
	  "The exit status is 3 if a name is denied.\n", "NAME...",
	  { &opt_module, &opt_uid, &opt_cap, &opt_userns, &opt_cgroup, &opt_kthread, &opt_file,
	    &opt_in_force, &opt_json, &opt_root, &opt_modules, &opt_securityfs, &opt_sysctl,
	    &opt_help } },
	{ "policy deny", cmd_policy_deny, "deny names at once and at each boot",
	  "Writes " POLICY_DIRECTORY "/00-deny.conf and shows the modules that are concerned.\n"
	  "The exit status is 3 if one of them is loaded already or built in.\n", "NAME...",
	  { &opt_module, &opt_dry_run, &opt_json, &opt_root, &opt_modules, &opt_debugfs,
	    &opt_securityfs, &opt_sysctl, &opt_help } },
	{ "policy allow", cmd_policy_allow, "take back policy deny, or allow a denied request",
	  "With the ID of a denied request, prints the narrowest rule that allows it.\n",
	  "NAME...|ID",
	  { &opt_module, &opt_write, &opt_dry_run, &opt_json, &opt_root, &opt_modules, &opt_debugfs,
	    &opt_securityfs, &opt_sysctl, &opt_help } },
	{ "policy load", cmd_policy_load, "replace the policy in force", DIRECTORIES, "[FILE]...",
	  { &opt_dry_run, &opt_force, &opt_securityfs, &opt_sysctl, &opt_help } },
	{ "policy suggest", cmd_policy_suggest, "print rules that allow the learned requests",
	  "Without FILE, those of this kernel. FILE is a copy of a kernel's file learned.\n",
	  "[FILE]...", { &opt_securityfs, &opt_help } },
	{ "policy lock", cmd_policy_lock, "prevent changes until the next boot", "", NULL,
	  { &opt_securityfs, &opt_help } },
};

#define NR_COMMANDS	(sizeof(commands) / sizeof(*commands))

/* True if the command's first word is @group and it has a second one. */
static bool is_in_group(const struct command *command, const char *group)
{
	size_t length = strlen(group);

	return !strncmp(command->name, group, length) && command->name[length] == ' ';
}

static bool is_group(const char *word)
{
	size_t i;

	for (i = 0; i < NR_COMMANDS; i++)
		if (is_in_group(&commands[i], word))
			return true;
	return false;
}

static void print_usage(FILE *stream, const char *group)
{
	size_t i;

	fprintf(stream, "Usage: kmodctl %s%sCOMMAND [OPTION]...\n\n", group ? group : "",
		group ? " " : "");
	for (i = 0; i < NR_COMMANDS; i++)
		if (!group || is_in_group(&commands[i], group))
			fprintf(stream, "  %-15s %s\n", commands[i].name, commands[i].summary);
	if (!group)
		fprintf(stream, "  %-15s %s\n", "help", "show the commands, or the options of one");
	fprintf(stream, "\nFor the options of a command: kmodctl help %s%sCOMMAND\n",
		group ? group : "", group ? " " : "");
	if (!group)
		fprintf(stream, "For the version: kmodctl --version\n");
}

static void print_help(const struct command *command)
{
	const struct option_info *const *option;
	char letter[] = "-x,", *name;

	printf("Usage: kmodctl %s %s%s[OPTION]...\n%c%s.\n%s\n", command->name,
	       command->files ? command->files : "", command->files ? " " : "",
	       *command->summary - 'a' + 'A', command->summary + 1, command->notes);
	for (option = command->options; *option; option++) {
		letter[1] = (char)(*option)->code;
		name = text("--%s%s%s", (*option)->name, (*option)->metavar ? " " : "",
			    (*option)->metavar ? (*option)->metavar : "");
		printf("  %3s %-17s %s\n", (*option)->code < NOT_A_LETTER ? letter : "", name,
		       (*option)->summary);
		free(name);
	}
}

/* Returns the command that the first one or two words name, or NULL. Skips these words. */
static const struct command *find_command(char ***words)
{
	char *name = is_group(**words) && (*words)[1] ? text("%s %s", **words, (*words)[1]) :
						       text_copy(**words);
	const struct command *command;

	for (command = commands; command < commands + NR_COMMANDS; command++)
		if (!strcmp(command->name, name))
			break;
	free(name);
	if (command == commands + NR_COMMANDS)
		return NULL;
	*words += strchr(command->name, ' ') ? 2 : 1;
	return command;
}

static int unknown_command(char *const *words)
{
	const char *next = words[1] ? words[1] : "";

	if (!is_group(words[0]))
		return misused("unknown command '%s'", words[0]);
	if (!strcmp(next, "-h") || !strcmp(next, "--help")) {
		print_usage(stdout, words[0]);
		return EXIT_SUCCESS;
	}
	if (!*next || *next == '-')
		return misused("expected a command after '%s'", words[0]);
	return misused("unknown command '%s %s'", words[0], next);
}

/* @words follow 'help'. */
static int run_help(char **words)
{
	const struct command *command;

	if (!*words || (is_group(*words) && !words[1])) {
		print_usage(stdout, *words);
		return EXIT_SUCCESS;
	}
	command = find_command(&words);
	if (!command)
		return unknown_command(words);
	if (*words)
		return misused("unexpected argument '%s'", *words);
	print_help(command);
	return EXIT_SUCCESS;
}

/* Converts the command's options for getopt_long(3). */
static void list_options(const struct command *command, struct option *long_options,
			 char *letters)
{
	const struct option_info *const *option;

	*letters++ = ':';
	for (option = command->options; *option; option++) {
		*long_options++ = (struct option){ (*option)->name, !!(*option)->word, NULL,
						   (*option)->code };
		if ((*option)->code >= NOT_A_LETTER)
			continue;
		*letters++ = (char)(*option)->code;
		if ((*option)->word)
			*letters++ = ':';
	}
}

static void set_option(const struct command *command, int code)
{
	const struct option_info *const *option = command->options;

	while ((*option)->code != code)
		option++;
	if ((*option)->word)
		*(*option)->word = optarg;
	else
		*(*option)->flag = true;
}

/* @word is the option that getopt_long() rejected, unless optopt is its letter. */
static int bad_option(const char *word, const char *letters)
{
	if (!optopt)
		return misused("unknown option '%s'", word);
	if (optopt < NOT_A_LETTER && !strchr(letters, optopt))
		return misused("unknown option '-%c'", optopt);
	return misused("unexpected argument in '%s'", word);
}

/* Returns 0 or the exit status. getopt_long() expects a name before the arguments. */
static int take_options(const struct command *command, int argc, char *argv[])
{
	struct option long_options[MAX_OPTIONS] = { 0 };
	char letters[2 * MAX_OPTIONS + 2] = "";
	int code;

	list_options(command, long_options, letters);
	opterr = 0;
	while ((code = getopt_long(argc, argv, letters, long_options, NULL)) != -1) {
		if (code == ':')
			return misused("option '%s' requires an argument", argv[optind - 1]);
		if (code == '?')
			return bad_option(argv[optind - 1], letters);
		set_option(command, code);
	}
	return 0;
}

static int run_command(const struct command *command, int argc, char *argv[])
{
	int status = take_options(command, argc, argv);
	char *const *files = argv + optind;

	if (status)
		return status;
	if (help) {
		print_help(command);
		return EXIT_SUCCESS;
	}
	if (*files && !command->files)
		return misused("unexpected argument '%s'", *files);
	if (!*files && command->files && *command->files != '[')
		return misused("expected %s after '%s'",
			       strncmp(command->files, "FILE", 4) ? "a name" : "a file",
			       command->name);
	options.files = files;
	return command->run(&options);
}

static int run(int argc, char *argv[])
{
	char **words = argv + 1;
	const struct command *command;

	if (!*words) {
		print_usage(stderr, NULL);
		return EXIT_USAGE;
	}
	if (!strcmp(*words, "-h") || !strcmp(*words, "--help")) {
		print_usage(stdout, NULL);
		return EXIT_SUCCESS;
	}
	if (!strcmp(*words, "-V") || !strcmp(*words, "--version")) {
		puts("kmodctl " VERSION);
		return EXIT_SUCCESS;
	}
	if (**words == '-')
		return misused("unknown option '%s'", *words);
	if (!strcmp(*words, "help"))
		return run_help(words + 1);
	command = find_command(&words);
	if (!command)
		return unknown_command(words);
	return run_command(command, argc - (int)(words - 1 - argv), words - 1);
}

/*
 * A file must not be opened as a standard file that is closed: the output would be written to it.
 * Reading and writing fail as before.
 */
static void replace_closed_files(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

int main(int argc, char *argv[])
{
	int status;

	replace_closed_files();
	/* The parent process may have ignored the signal. */
	signal(SIGPIPE, SIG_DFL);
	status = finish(run(argc, argv));
	return pager_wait() || status ? status : EXIT_FAILURE;
}

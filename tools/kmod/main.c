// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmodctl: shows which modules the kernel asks for, for whom, and what becomes of it, and
 * sets who may have which.
 */
#include <getopt.h>
#include <signal.h>
#include <string.h>

#include "kmodctl.h"

#define VERSION	"1.0"

enum { OPT_DEBUGFS = 256, OPT_OPENMETRICS, OPT_SECURITYFS, OPT_SYSCTL };

static const struct option long_options[] = {
	{ "all", no_argument, NULL, 'a' },
	{ "debugfs", required_argument, NULL, OPT_DEBUGFS },
	{ "help", no_argument, NULL, 'h' },
	{ "json", no_argument, NULL, 'j' },
	{ "lines", required_argument, NULL, 'n' },
	{ "openmetrics", no_argument, NULL, OPT_OPENMETRICS },
	{ "securityfs", required_argument, NULL, OPT_SECURITYFS },
	{ "sysctl", required_argument, NULL, OPT_SYSCTL },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 }
};

static const struct command {
	const char *name;
	int (*run)(const struct options *options);
	const char *usage;
	const char *summary;
	const char *notes;
	const char *options;
	bool takes_words;
} commands[] = {
	{ "log", cmd_log, "[-n N]", "requests that have ended, the newest last",
	  "The kernel keeps the last 256.\n",
	  "  -n, --lines N      only the last N\n", false },
	{ "inflight", cmd_inflight, "", "requests that have not ended yet", "", "", false },
	{ "modules", cmd_modules, "[-a]", "modules that were loaded for a request, and for whom",
	  "", "  -a, --all          also those that are gone or failed to load\n", false },
	{ "stats", cmd_stats, "[--openmetrics]", "counters, and how long requests took",
	  "", "      --openmetrics  as OpenMetrics text, for collectors\n", false },
	{ "watch", cmd_watch, "", "requests as they come and end, until it is interrupted",
	  "It has a trace instance of its own, which it removes when it ends.\n", "", false },
	{ "policy", cmd_policy, "ACTION [FILE]...",
	  "who may have which modules loaded, and sets it",
	  "\n"
	  "  show               what is in force\n"
	  "  check FILE...      whether these files of rules and settings are well formed\n"
	  "  load FILE...       puts them in force; of a directory, its *.conf\n"
	  "  suggest            rules that allow what was learned\n"
	  "  lock               no more changes until the next boot\n",
	  "      --securityfs DIR  where securityfs is mounted, if it is not in /proc/mounts\n"
	  "      --sysctl DIR      in place of /proc/sys\n", true },
};

#define NR_COMMANDS	(sizeof(commands) / sizeof(*commands))

static const char common_help[] =
	"  -j, --json         JSON instead of a table; one object a line from watch\n"
	"      --debugfs DIR  where debugfs is mounted, if it is not in /proc/mounts\n"
	"  -h, --help         this help; also of each command\n"
	"  -V, --version      the version\n";

static void print_usage(FILE *stream)
{
	size_t i;

	fprintf(stream, "Usage: kmodctl COMMAND [OPTION]...\n"
		"Shows which modules the kernel asks for, for whom, and what becomes of it,\n"
		"and sets who may have which.\n\n");
	for (i = 0; i < NR_COMMANDS; i++)
		fprintf(stream, "  %-9s %-17s %s\n", commands[i].name, commands[i].usage,
			commands[i].summary);
	fprintf(stream, "\n%s", common_help);
}

static void print_help(const struct command *command)
{
	printf("Usage: kmodctl %s %s%s[OPTION]...\nShows %s.\n%s\n%s%s", command->name,
	       command->takes_words ? command->usage : "", command->takes_words ? " " : "",
	       command->summary, command->notes, command->options, common_help);
}

/* Wrong arguments. Returns the exit status. */
int misused(const char *why, const char *what)
{
	complain("%s%s (see kmodctl --help)", why, what);
	return EXIT_USAGE;
}

static const struct command *find_command(const char *name)
{
	size_t i;

	for (i = 0; i < NR_COMMANDS; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

/* What was asked for besides a command's own options. */
struct request {
	struct options options;
	bool help;
	bool version;
};

/* Sets what one option says. False if it cannot. */
static bool take_option(struct request *request, int option)
{
	switch (option) {
	case 'a':
		request->options.all = true;
		return true;
	case 'h':
		request->help = true;
		return true;
	case 'j':
		request->options.json = true;
		return true;
	case 'n':
		request->options.limited = true;
		if (parse_unsigned(optarg, &request->options.lines))
			return true;
		complain("%s is not a number of lines", optarg);
		return false;
	case 'V':
		request->version = true;
		return true;
	case OPT_DEBUGFS:
		request->options.debugfs = optarg;
		return true;
	case OPT_OPENMETRICS:
		request->options.openmetrics = true;
		return true;
	case OPT_SECURITYFS:
		request->options.securityfs = optarg;
		return true;
	case OPT_SYSCTL:
		request->options.sysctl = optarg;
		return true;
	default:
		return false;
	}
}

static bool take_options(struct request *request, int argc, char *argv[])
{
	int option;

	while ((option = getopt_long(argc, argv, "ahjn:V", long_options, NULL)) != -1)
		if (!take_option(request, option))
			return false;
	return true;
}

static const char *foreign_option(const struct command *command, const struct options *options)
{
	if (options->limited && command->run != cmd_log)
		return "-n is for log only";
	if (options->all && command->run != cmd_modules)
		return "-a is for modules only";
	if (options->openmetrics && command->run != cmd_stats)
		return "--openmetrics is for stats only";
	if (options->openmetrics && options->json)
		return "--openmetrics and --json exclude each other";
	if ((options->securityfs || options->sysctl) && command->run != cmd_policy)
		return "--securityfs and --sysctl are for policy only";
	return NULL;
}

static int run(struct request *request, char *words[])
{
	const struct command *command = words[0] ? find_command(words[0]) : NULL;
	const char *wrong;

	if (words[0] && !command)
		return misused("there is no command ", words[0]);
	if (request->version) {
		puts("kmodctl " VERSION);
		return EXIT_SUCCESS;
	}
	if (request->help) {
		command ? print_help(command) : print_usage(stdout);
		return EXIT_SUCCESS;
	}
	if (!command) {
		print_usage(stderr);
		return EXIT_USAGE;
	}
	if (words[1] && !command->takes_words)
		return misused("what does this mean: ", words[1]);
	wrong = foreign_option(command, &request->options);
	if (wrong)
		return misused(wrong, "");
	request->options.words = words + 1;
	return command->run(&request->options);
}

int main(int argc, char *argv[])
{
	struct request request = { 0 };

	/* Whoever started us may have had it ignored. */
	signal(SIGPIPE, SIG_DFL);
	if (!take_options(&request, argc, argv))
		return EXIT_USAGE;
	return finish(run(&request, argv + optind));
}

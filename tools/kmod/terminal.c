// SPDX-License-Identifier: GPL-2.0-only
/*
 * The terminal: its width, colours, and the pager.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kmodctl.h"

#define DEFAULT_WIDTH	80

static pid_t pager;
static size_t width_before_pager;

/* True if the output is a terminal, or goes there through the pager. */
bool on_terminal(void)
{
	return pager || isatty(STDOUT_FILENO);
}

/* COLUMNS wins over the terminal's own width. Some terminals do not know their width. */
size_t terminal_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	u64 width;

	if (pager)
		return width_before_pager;
	if (columns && parse_unsigned(columns, &width) && width)
		return width;
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col)
		return size.ws_col;
	return DEFAULT_WIDTH;
}

/* A terminal that can do more than print. */
static bool is_capable(void)
{
	const char *term = getenv("TERM");

	return on_terminal() && term && strcmp(term, "dumb");
}

/* For NO_COLOR see no-color.org. */
bool use_colour(void)
{
	const char *no_color = getenv("NO_COLOR");

	return !(no_color && *no_color) && is_capable();
}

/* @colour may be NULL. */
void print_coloured(const char *colour, const char *format, ...)
{
	bool coloured = colour && use_colour();
	va_list arguments;

	if (coloured)
		fputs(colour, stdout);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	if (coloured)
		fputs("\033[0m", stdout);
}

/*
 * less must not run commands: sudo may permit kmodctl only. For the same reason, the user's own
 * pager is not run with sudo.
 */
static void run_pager(const char *program)
{
	setenv("LESS", "FRSX", 0);
	setenv("LESSSECURE", "1", 1);
	unsetenv("LESSSECURE_ALLOW");
	if (program && !getenv("SUDO_UID") && !getenv("DOAS_USER"))
		execlp("sh", "sh", "-c", program, NULL);
	execlp("less", "less", NULL);
	execlp("cat", "cat", NULL);
	_exit(EXIT_FAILURE);
}

/* Shows the output in the pager, if it goes to a terminal. */
void pager_start(const struct options *options)
{
	const char *program = getenv("PAGER");
	int fds[2];

	if (program && (!*program || !strcmp(program, "cat")))
		return;
	if (pager || options->no_pager || options->follow || !is_capable())
		return;
	width_before_pager = terminal_width();
	flush();
	if (pipe2(fds, O_CLOEXEC))
		return;
	pager = fork();
	if (!pager) {
		dup2(fds[0], STDIN_FILENO);
		run_pager(program);
	}
	if (pager > 0) {
		dup2(fds[1], STDOUT_FILENO);
		/* The pager takes it. */
		signal(SIGINT, SIG_IGN);
	} else {
		pager = 0;
	}
	close(fds[0]);
	close(fds[1]);
}

/* The output must have been flushed. Returns false, after a message, if no pager was run. */
bool pager_wait(void)
{
	int status = 0;

	if (!pager)
		return true;
	close(STDOUT_FILENO);
	waitpid(pager, &status, 0);
	/* The shell's status if it cannot run the program */
	if (!WIFEXITED(status) || (WEXITSTATUS(status) != 126 && WEXITSTATUS(status) != 127))
		return true;
	complain("cannot run the pager '%s'", getenv("PAGER"));
	return false;
}

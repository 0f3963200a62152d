package rpc

import (
	"context"
)

// groupMethods read the configuration, and add and remove groups.
func groupMethods() []method {
	return []method{
		{name: "reloadConfig", result: "array", resultHelp: "one array of three arrays: the names of the groups that are added, changed, removed",
			help: "Reads the configuration again and returns how the groups in use differ from it. Nothing is started or stopped.",
			call: reloadConfig},
		{name: "getUpdatePlan", unlisted: true, result: "array", resultHelp: "a struct for each group that would change",
			help: "Reads the configuration and returns what an update to it would do, option by option. Nothing is changed, and what reloadConfig has read stays.",
			call: func(_ context.Context, d *dispatcher, _ arguments) (any, error) {
				plan, err := d.Groups.Plan()
				for i := range plan {
					plan[i].Options, plan[i].Processes = nonNil(plan[i].Options), nonNil(plan[i].Processes)
					for j := range plan[i].Processes {
						plan[i].Processes[j].Options = nonNil(plan[i].Processes[j].Options)
					}
				}
				return nonNil(plan), err
			}},
		{name: "addProcessGroup", params: []param{groupName}, result: "boolean", resultHelp: alwaysTrue,
			help: "Adds a configured group to those in use.",
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				return trueResult(d.Groups.AddGroup(ctx, a.text(0)))
			}},
		{name: "removeProcessGroup", params: []param{groupName}, result: "boolean", resultHelp: alwaysTrue,
			help: "Removes a stopped group from those in use.",
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				return trueResult(d.Groups.RemoveGroup(ctx, a.text(0)))
			}},
	}
}

func reloadConfig(ctx context.Context, d *dispatcher, _ arguments) (any, error) {
	c, err := d.Groups.Reload(ctx)
	return [][][]string{{nonNil(c.Added), nonNil(c.Changed), nonNil(c.Removed)}}, err
}

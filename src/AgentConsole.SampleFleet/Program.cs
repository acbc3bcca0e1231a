Console.WriteLine("The sample fleet has no agents yet.");
